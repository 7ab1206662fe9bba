import { type ChildProcess, execFileSync } from 'node:child_process'
import { onTestFinished } from 'vitest'

interface Listed {
  readonly pid: number
  readonly parent: number
}

/** All that live; what is dead and only waits to be collected does not. */
function listed(): Listed[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' }).trim().split('\n')
  return lines.flatMap((line) => {
    const [pid, parent, state = ''] = line.trim().split(/\s+/)
    return state.startsWith('Z') ? [] : [{ pid: Number(pid), parent: Number(parent) }]
  })
}

export function descendants(pid: number | undefined): number[] {
  const all = listed()
  const below = (parent: number | undefined): number[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one.pid, ...below(one.pid)])
  return below(pid)
}

export function alive(pids: readonly number[]): number[] {
  const all = new Set(listed().map(({ pid }) => pid))
  return pids.filter((pid) => all.has(pid))
}

/** The first message with this key that a child sends. The child is killed at the end of the test. */
export function message<Message>(child: ChildProcess, key: keyof Message & string): Promise<Message> {
  onTestFinished(() => void child.kill('SIGKILL'))
  return new Promise((resolve, reject) => {
    child.on('message', (received: object) => key in received && resolve(received as Message))
    // Not at 'exit': what the child sent last may still be on its way then.
    child.once('disconnect', () => reject(new Error(`the child ended before it sent ${key}`)))
  })
}
