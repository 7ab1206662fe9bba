/** Runs a command of an installation to its end; fails with the tail of what it printed. */
export type RunCommand = (command: readonly string[], env?: Readonly<Record<string, string>>) => Promise<void>

/** Where one server of one run lives. */
export interface Place {
  /** What `install` left behind; read only. */
  readonly home: string
  /** A new, empty folder; removed at the end of the run. */
  readonly data: string
  readonly run: RunCommand
  /** A port of 127.0.0.1 that nobody has just now. */
  freePort(): Promise<number>
}

interface Launch<Address> {
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** What a client needs to know. */
  readonly address: Address
  /** Asked again and again until true. `log` is what the server has printed so far. */
  ready(log: string): Promise<boolean>
}

/** What package registries have, in a folder of its own. */
export interface Installation {
  /** All that decides what `install` leaves behind: changed pins are a new installation. */
  readonly pins: string
  /** Why this machine cannot have it: a tool that is missing. */
  missing(): string | undefined
  install(home: string, run: RunCommand): Promise<void>
}

/** A real server. Ending it is the same for all: see guard.sh. */
export interface Server<Address> extends Installation {
  /** Asked once more, with a new place, when a port was taken in the meantime. */
  launch(place: Place): Promise<Launch<Address>>
}

export type Answer<Address = unknown> =
  | { readonly address: Address }
  | { readonly unavailable: string }
  | { readonly failed: string }
