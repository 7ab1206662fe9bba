import { MillraceError } from '@millrace/base'

/** Arguments and switches of the command line, without the settings. */
export interface Arguments {
  readonly positionals: readonly string[]
  /** Was the switch given? */
  switch(flag: string): boolean
  text(flag: string): string | undefined
  /** A whole number from 0 up. */
  integer(flag: string): number | undefined
  choice<T extends string>(flag: string, choices: readonly T[]): T | undefined
}

export function createArguments(
  positionals: readonly string[],
  options: Readonly<Record<string, string | boolean | undefined>>,
): Arguments {
  const text = (flag: string) => {
    const value = options[flag]
    return typeof value === 'string' ? value : undefined
  }
  return {
    positionals,
    text,
    switch: (flag) => options[flag] === true,
    integer: (flag) => {
      const value = text(flag)
      if (value === undefined) return undefined
      if (/^\d+$/.test(value) && Number.isSafeInteger(Number(value))) return Number(value)
      throw new MillraceError('USAGE', `${flag} takes a whole number, not ${JSON.stringify(value)}`)
    },
    choice: (flag, choices) => {
      const value = text(flag)
      const chosen = choices.find((choice) => choice === value)
      if (value === undefined || chosen !== undefined) return chosen
      throw new MillraceError('USAGE', `${flag} does not know ${JSON.stringify(value)}`, {
        next: `Choose one of ${choices.join(', ')}.`,
      })
    },
  }
}
