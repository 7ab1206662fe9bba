import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { withServices } from '@millrace/testkit'
import { describe, expect } from 'vitest'

const run = promisify(execFile)
const COMPOSE = fileURLToPath(new URL('../compose/compose.yaml', import.meta.url))
const AS_JSON = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))'

/** What a file of a process says; nothing where it is gone by now. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** The command line of a process. */
function wordsIn(file: string): string[] {
  return textOf(file)
    .split('\0')
    .filter((word) => word !== '')
}

interface Compose {
  readonly services: Readonly<Record<string, { readonly command: readonly string[]; readonly [key: string]: unknown }>>
  readonly configs: Readonly<Record<string, { readonly content: string }>>
}

async function readCompose(linters: string): Promise<Compose> {
  const { stdout } = await run(join(linters, 'venv/bin/python'), ['-c', AS_JSON, COMPOSE])
  return JSON.parse(stdout) as Compose
}

describe('the compose file', () => {
  const it = withServices('linters')

  it('is one by the schema of the specification', async ({ linters }) => {
    await run(join(linters, 'venv/bin/check-jsonschema'), ['--builtin-schema', 'vendor.compose-spec', COMPOSE])
  })

  it('has every part of the pipeline, and opens no port to others', async ({ linters }) => {
    const { services } = await readCompose(linters)
    const parts = 'kafka s3 mariadb postgres cassandra trino prometheus grafana airflow worker gateway batch'.split(' ')
    expect(Object.keys(services)).toEqual(expect.arrayContaining(parts))
    const ports = Object.values(services).flatMap(({ ports }) => (ports as string[] | undefined) ?? [])
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
    for (const part of ['worker', 'gateway', 'batch']) {
      expect(services[part]).toMatchObject({ read_only: true, cap_drop: ['ALL'] })
    }
  })
})

describe('its servers', () => {
  const it = withServices('linters', 'kafka', 's3', 'mariadb', 'postgres', 'prometheus')

  /** What differs between a test's server and one in a container: where it listens, its files, TLS, durability. */
  const PLACE = /\/|^\d+$|127\.0\.0\.1|^--(?:no-defaults|port|user|require-secure|ssl)|^(?:port|listen|unix|ssl|fsync)/

  /** The words of the command of which one is this, and that runs the server at this address. Others may run beside it. */
  function runningCommand(word: RegExp, address: unknown): string[] {
    const [, port = ''] = /(?:127\.0\.0\.1:|"port":)(\d+)/.exec(JSON.stringify(address)) ?? []
    const isAt = (words: string[]) =>
      words.some((each) => each.includes(port) || propertiesIn(each).includes(`:${port}`))
    const commands = globSync('/proc/[0-9]*/cmdline')
      .map(wordsIn)
      .filter(([program = '']) => !program.endsWith('sh'))
    return commands.find((words) => words.some((each) => word.test(each)) && isAt(words)) ?? []
  }

  function propertiesIn(file: string): string {
    return file.endsWith('.properties') ? textOf(file) : ''
  }

  it.for(['s3', 'mariadb', 'postgres', 'prometheus'] as const)(
    '%s is told what the tests tell it',
    async (name, { linters, s3, mariadb, postgres, prometheus }) => {
      const { services } = await readCompose(linters)
      const addresses = { s3, mariadb, postgres, prometheus: prometheus.url }
      const program = {
        s3: /versitygw$/,
        mariadb: /mariadbd$/,
        postgres: /bin\/postgres$/,
        prometheus: /bin\/prometheus$/,
      }
      const words = runningCommand(program[name], addresses[name]).slice(1)
      const settings = words.filter((word) => !PLACE.test(word) && word !== '-D')
      expect(settings.length).toBeGreaterThan(0)
      expect(services[name]?.command).toEqual(expect.arrayContaining(settings))
    },
  )

  it('kafka has the settings that it has in the tests', async ({ linters, kafka }) => {
    const { configs } = await readCompose(linters)
    const properties = propertiesIn(runningCommand(/^kafka\.Kafka$/, kafka).at(-1) ?? '')
      .trim()
      .split('\n')
    const settings = properties.filter((line) => !/127\.0\.0\.1|\//.test(line))
    expect(settings.length).toBeGreaterThan(15)
    expect(configs.kafka?.content.split('\n')).toEqual(expect.arrayContaining(settings))
  })
})
