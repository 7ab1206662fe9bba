import { MillraceError } from '@millrace/base'
import { type Dataset, type Mode, modeOf } from '@millrace/transform'

/** Refuses a data set that reads what the quarantine does not keep of a message: its headers. */
export function refuseHeaders({ name, metadata }: Dataset, what: string): void {
  const header = metadata.find(({ from }) => from.startsWith('header'))
  if (!header) return
  throw new MillraceError('DATASET_INVALID', `data set ${name}: ${what} does not know its ${header.name}`, {
    next: `The quarantine keeps no headers, and ${header.name} is ${header.from}: clean the topic again by a group of its own.`,
  })
}

/** Refuses a data set whose table is kept in a way that `what` does not know, which is named so for people. */
export function refuseMode(dataset: Dataset, what: string, modes: readonly Mode[] = ['append']): void {
  const mode = modeOf(dataset)
  if (modes.includes(mode)) return
  throw new MillraceError('DATASET_INVALID', `data set ${dataset.name}: ${what} does not know "mode": "${mode}"`, {
    next: `What it knows: ${modes.join(', ')}.`,
  })
}
