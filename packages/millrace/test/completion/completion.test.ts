import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runMillrace, temporaryFolder } from '../run-millrace.ts'

const folder = temporaryFolder()
afterAll(() => folder[Symbol.dispose]())

const SHELLS = ['bash', 'zsh', 'fish']
const has = (shell: string) => ['/bin', '/usr/bin', '/usr/local/bin'].some((path) => existsSync(join(path, shell)))

beforeAll(async () => {
  mkdirSync(join(folder.path, 'datasets/orders'), { recursive: true })
  mkdirSync(join(folder.path, 'orchard'))
  writeFileSync(join(folder.path, 'settings.ts'), '')
  for (const shell of SHELLS) {
    const { out, err } = await runMillrace(['completion', shell])
    expect(err).toBe('')
    writeFileSync(join(folder.path, `script.${shell}`), out)
  }
})

/** Returns what the shell itself offers after these words, the last of which is being typed. */
function offered(shell: string, ...words: readonly string[]): string[] {
  const script = join(folder.path, `script.${shell}`)
  const programs: Readonly<Record<string, string>> = {
    bash: `source ${script}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _millrace; printf '%s\\n' "\${COMPREPLY[@]}"`,
    fish: `source ${script}; complete -C "$argv"`,
  }
  const args = shell === 'bash' ? ['-c', programs.bash ?? '', 'bash'] : ['--no-config', '-c', programs.fish ?? '']
  const { stdout, stderr } = spawnSync(shell, [...args, 'millrace', ...words], { cwd: folder.path, encoding: 'utf8' })
  expect(stderr).toBe('')
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('\t')[0] ?? '')
}

describe.each(['bash', 'fish'].filter(has))('%s completes', (shell) => {
  test.each([
    ['commands', ['str'], ['stream']],
    ['settings of that command', ['stream', '--log'], ['--log-level']],
    ['what a setting takes', ['stream', '--log-level', 'w'], ['warn']],
    ['switches', ['stream', '--no-d'], ['--no-dashboard']],
    ['options and what they take', ['sql', '--format', 'par'], ['parquet']],
    ['words', ['quarantine', 'rep'], ['replay']],
    ['data sets', ['dev', 'or'], ['orders']],
    ['folders', ['tables', '--lake', 'orc'], [expect.stringMatching(/^orchard\/?$/)]],
    ['after an option of every command', ['--config', 'settings.ts', 'doc'], ['doctor']],
  ])('%s', (_, words, expected) => {
    expect(offered(shell, ...words)).toEqual(expected)
  })
})

test.runIf(has('zsh'))('zsh takes the script, and knows by it how to complete the command', () => {
  const program = `autoload -Uz compinit; compinit -u -D; source ${join(folder.path, 'script.zsh')}; print $_comps[millrace]`
  const { stdout, stderr } = spawnSync('zsh', ['-f', '-c', program], { cwd: folder.path, encoding: 'utf8' })
  expect([stdout, stderr]).toEqual(['_millrace\n', ''])
})

test('a shell that there is no script for is refused', async () => {
  const { code, err } = await runMillrace(['completion', 'tcsh'])
  expect([code, err]).toEqual([2, expect.stringContaining('Name one of bash, zsh, fish.')])
})
