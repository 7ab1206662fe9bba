const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const

type Stop = keyof typeof EXIT_CODES

export interface Signals {
  readonly signal: AbortSignal
  /** Ends the command as a signal does, but with its own exit code. */
  readonly abort: () => void
  /** Set once a signal came. */
  readonly exitCode: () => number | undefined
}

/** The first Ctrl-C or SIGTERM asks the command to end cleanly; the second ends the process at once. */
export function watchSignals(process: NodeJS.Process): Signals {
  const controller = new AbortController()
  let stoppedBy: Stop | undefined
  const stop = (name: Stop) => {
    if (stoppedBy !== undefined) process.exit(EXIT_CODES[name])
    stoppedBy = name
    controller.abort()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return {
    signal: controller.signal,
    abort: () => controller.abort(),
    exitCode: () => (stoppedBy === undefined ? undefined : EXIT_CODES[stoppedBy]),
  }
}
