import type { WriteStream } from 'node:tty'

export interface Progress {
  /** What goes on now: one line that is written over on a terminal, a line each in a pipe. */
  step(text: string): void
  done(): void
}

export function progressOn(stream: WriteStream): Progress {
  if (!stream.isTTY) return { step: (text) => void stream.write(`${text}\n`), done: () => {} }
  const clear = () => {
    stream.cursorTo(0)
    stream.clearLine(0)
  }
  return {
    step(text) {
      clear()
      stream.write(text.slice(0, stream.columns - 1))
    },
    done: clear,
  }
}
