import { emitKeypressEvents, type Key } from 'node:readline'
import { screen } from './screen.ts'

/** Whether a person can press keys. */
export function hasKeys(): boolean {
  return screen.input.isTTY
}

/** Calls back for each key that is pressed, by its name, until disposed of. Ctrl-C stays what it is. */
export function readKeys(pressed: (key: string) => void): Disposable {
  const { input } = screen
  const onKey = (text: string | undefined, key: Key) => {
    if (key.ctrl && key.name === 'c') process.kill(process.pid, 'SIGINT')
    else pressed(key.name ?? text ?? '')
  }
  emitKeypressEvents(input)
  input.setRawMode(true)
  input.on('keypress', onKey).resume()
  return {
    [Symbol.dispose]() {
      input.off('keypress', onKey).pause()
      input.setRawMode(false)
    },
  }
}
