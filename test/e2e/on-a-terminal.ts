import { type ChildProcess, spawn } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'

/** A command on a terminal of its own, as a person would see it. */
export interface OnATerminal {
  /** All that was ever on the screen, without colours. */
  shown(): string
  /** What the command itself ended with. */
  readonly ended: Promise<number | null>
}

/** Through `script`, which every Debian has: Node makes no terminals. */
export function onATerminal(
  command: readonly string[],
  folder: string,
  environment: Readonly<Record<string, string>>,
): OnATerminal {
  const words = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`)
  // A new terminal has no size, and what is shown is cut to it.
  const line = `stty cols 200 rows 50; exec ${words.join(' ')}`
  const child: ChildProcess = spawn('script', ['--quiet', '--flush', '--return', '--command', line, '/dev/null'], {
    cwd: folder,
    env: { ...process.env, TERM: 'xterm-256color', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let seen = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    seen += chunk.toString()
  })
  return {
    shown: () => stripVTControlCharacters(seen),
    ended: new Promise((resolve) => child.once('close', resolve)),
  }
}
