import { systemRuntime } from '@millrace/base'
import { type Machine, openMachine } from '@millrace/engine'
import type { FormatContext } from '@millrace/formats'
import type { Io } from '../command.ts'
import { hasKeys, readKeys } from '../terminal/keys.ts'
import { screen } from '../terminal/screen.ts'
import { watchFolders } from '../testing/changes.ts'
import type { Message } from '../testing/messages.ts'
import { viewLines } from './lines.ts'
import type { Sample } from './sample.ts'
import { screenLines } from './screen.ts'
import { type View, viewOf } from './view.ts'

export interface DevOptions {
  readonly dataset: string
  readonly datasetFolders: readonly string[]
  readonly formats: FormatContext
  /** Opens the sample, at its first record. */
  readonly openSample: () => Promise<Sample>
  readonly records: number
  /** Shows what is there, and ends. */
  readonly once: boolean
}

/** What is looked at now. */
interface Looking {
  sample: Sample
  messages: Message[]
  view: View
  chosen: number
}

/** Shows a sample beside what becomes of it, anew whenever the data set or the sample changes. */
export async function developDataset(options: DevOptions, io: Io): Promise<View> {
  await using machine = await openMachine(systemRuntime, [])
  const nothing: View = { records: [], problem: undefined, notes: [] }
  const looking: Looking = { sample: await options.openSample(), messages: [], view: nothing, chosen: 0 }
  try {
    if (options.once) {
      looking.messages = [...(await looking.sample.next(options.records, io.signal, false))]
      await look(looking, options, machine)
      for (const line of viewLines(titleOf(options, looking), looking.view)) io.line(line)
      return looking.view
    }
    await follow(looking, options, machine, io)
    return looking.view
  } finally {
    await looking.sample.close()
  }
}

async function look(looking: Looking, options: DevOptions, machine: Machine): Promise<void> {
  const { dataset, datasetFolders } = options
  const formats = looking.sample.isOfSource ? options.formats : undefined
  looking.view = await viewOf({ dataset, datasetFolders, formats }, looking.messages, machine)
  looking.chosen = Math.max(0, Math.min(looking.chosen, looking.view.records.length - 1))
}

function titleOf({ dataset }: DevOptions, { sample }: Looking): string {
  return `${dataset} · ${sample.from}`
}

/** Follows the sample until the user or a signal ends it. */
async function follow(looking: Looking, options: DevOptions, machine: Machine, io: Io): Promise<void> {
  const ended = Promise.withResolvers<void>()
  const display = io.interactive && hasKeys() ? openScreen(io) : openLines(io)
  using _display = display
  const show = () => display.show(titleOf(options, looking), looking)
  let working: Promise<void> = Promise.resolve()
  const afterwards = (work: () => Promise<void> | void) => {
    working = working.then(work)
    working.catch(ended.reject)
  }
  const lookAgain = () =>
    afterwards(async () => {
      await look(looking, options, machine)
      show()
    })
  let reading = new AbortController()
  const fill = async () => {
    reading.abort()
    reading = new AbortController()
    const { signal } = reading
    while (looking.messages.length < options.records && !signal.aborted) {
      const more = await looking.sample.next(options.records - looking.messages.length, signal, true)
      if (signal.aborted || more.length === 0) break
      looking.messages.push(...more)
      lookAgain()
    }
  }
  const restart = async (reopen: boolean) => {
    reading.abort()
    if (reopen) {
      await looking.sample.close()
      looking.sample = await options.openSample()
    }
    ;[looking.messages, looking.chosen] = [[], 0]
    lookAgain()
    void fill().catch(ended.reject)
  }
  const folders = { datasetFolders: options.datasetFolders, questionFolders: [] }
  using _watching = watchFolders(folders, systemRuntime, ({ datasets }) => {
    if (datasets.has(options.dataset)) lookAgain()
  })
  using _keys = display.hasKeys ? readKeys(pressed) : undefined
  function pressed(key: string): void {
    const last = Math.max(0, looking.view.records.length - 1)
    if (key === 'q') ended.resolve()
    if (key === 'n') restart(false).catch(ended.reject)
    if (key === 'r') restart(true).catch(ended.reject)
    if (key === 'up' || key === 'k') looking.chosen = Math.max(0, looking.chosen - 1)
    if (key === 'down' || key === 'j') looking.chosen = Math.min(last, looking.chosen + 1)
    show()
  }
  screen.output.on('resize', show)
  io.signal.addEventListener('abort', () => ended.resolve(), { once: true })
  lookAgain()
  void fill().catch(ended.reject)
  await ended.promise.finally(() => {
    screen.output.off('resize', show)
    reading.abort()
  })
  await working
}

interface Display extends Disposable {
  readonly hasKeys: boolean
  show(title: string, looking: Looking): void
}

const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'

/** Draws on the terminal's other screen, which leaves what was there before as it was. */
function openScreen(io: Io): Display {
  const leave = () => void screen.output.write(LEAVE)
  screen.output.write(ENTER)
  process.once('exit', leave)
  return {
    hasKeys: true,
    show(title, { view, chosen }) {
      const { columns: width, rows: height } = screen.output
      const lines = screenLines({ title, view, chosen }, { width, height }, io.style)
      screen.output.write(`\u001b[H${lines.map((line) => `${line}\u001b[K`).join('\r\n')}\u001b[J`)
    },
    [Symbol.dispose]() {
      process.off('exit', leave)
      leave()
    },
  }
}

/** Prints a view whenever it is another one. */
function openLines(io: Io): Display {
  let shown: View | undefined
  return {
    hasKeys: false,
    show(title, { view }) {
      if (view === shown) return
      shown = view
      for (const line of viewLines(title, view)) io.line(line)
    },
    [Symbol.dispose]() {},
  }
}
