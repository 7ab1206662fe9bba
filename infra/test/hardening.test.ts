import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const folder = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const textsIn = (path: string, ending: RegExp) =>
  readdirSync(path)
    .filter((name) => ending.test(name))
    .map((name) => [name, readFileSync(join(path, name), 'utf8')] as const)

describe.each(textsIn(folder('infra/systemd'), /\.service$/))('%s', (_, unit) => {
  it.each([
    'NoNewPrivileges=true',
    'CapabilityBoundingSet=',
    'ProtectSystem=strict',
    'ProtectHome=true',
    'PrivateTmp=true',
    'PrivateDevices=true',
    'PrivateUsers=true',
    'ProtectProc=invisible',
    'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX',
    'RestrictNamespaces=true',
    'SystemCallFilter=@system-service',
    'SystemCallArchitectures=native',
  ])('says %s', (directive) => {
    expect(unit.split('\n')).toContain(directive)
  })

  it('works where it may write, and leaves V8 its compiler', () => {
    expect(unit).toMatch(/^WorkingDirectory=\/var\/lib\/millrace$/m)
    expect(unit).toMatch(/^StateDirectory=millrace$/m)
    expect(unit).toMatch(/^ExecStart=\/\S+\/node \/\S+\/main\.ts (stream|gateway)$/m)
    expect(unit).not.toMatch(/^MemoryDenyWriteExecute=/m)
  })
})

describe.each(textsIn(folder('.github/workflows'), /\.ya?ml$/))('%s', (_, workflow) => {
  it('names every action by its commit, and the version beside it', () => {
    const used = [...workflow.matchAll(/uses: (.*)/g)].map(([, action]) => action)
    expect(used.length).toBeGreaterThan(0)
    for (const action of used) expect(action).toMatch(/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  })
})
