import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { MAIN, openWorkplace, type Workplace } from './millrace.ts'

/** The shell examples of a page of docs. */
export interface Page {
  /** Those that name this host, from the first to the last. */
  examplesOf(host: string): string[]
  /** Runs an example as a person would who pasted it into a shell, with what stands for the page's own names here. */
  run(place: Workplace, example: string, replacements: Readonly<Record<string, string>>): Promise<Ended>
}

interface Ended {
  readonly exitCode: number
  readonly output: string
}

export async function openPage(name: string): Promise<Page> {
  const page = await readFile(join(import.meta.dirname, '../../docs', name), 'utf8')
  const examples = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, code = '']) => code)
  return {
    examplesOf: (host) => examples.filter((code) => code.includes(host)),
    async run({ folder }, example, replacements) {
      const unknown = Object.keys(replacements).find((name) => !page.includes(name))
      if (unknown !== undefined) throw new Error(`the page does not say ${unknown}`)
      const code = Object.entries(replacements).reduce((text, [from, to]) => text.replaceAll(from, to), example)
      return runInShell(folder, `${await readFile(join(folder, 'start.sh'), 'utf8')}${code}`)
    },
  }
}

function runInShell(folder: string, script: string): Promise<Ended> {
  return new Promise((resolve) => {
    execFile('bash', ['-c', script], { cwd: folder }, (error, stdout, stderr) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    )
  })
}

/** Opens a folder in which `millrace` is a command, as where it is installed; gone at the end of the test. */
export async function openShell(environment: Readonly<Record<string, string>> = {}): Promise<Workplace> {
  const place = await openWorkplace()
  onTestFinished(() => place.leave())
  const command = join(place.folder, 'millrace')
  await writeFile(command, `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(MAIN)} "$@"\n`, { mode: 0o755 })
  const settings = Object.entries({ MILLRACE_DATASETS: 'pin', ...environment })
  const exports = settings.map(([name, value]) => `export ${name}=${quoted(value)}\n`).join('')
  await writeFile(join(place.folder, 'start.sh'), `set -e\nPATH=${quoted(place.folder)}:$PATH\n${exports}`)
  return place
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
