import { MillraceError } from '@millrace/base'
import { type Dataset, type Mode, modeOf } from '@millrace/transform'

/** Refuses a data set whose table is kept in a way that `what` does not know, which is named so for people. */
export function refuseMode(dataset: Dataset, what: string, modes: readonly Mode[] = ['append']): void {
  const mode = modeOf(dataset)
  if (modes.includes(mode)) return
  throw new MillraceError('DATASET_INVALID', `data set ${dataset.name}: ${what} does not know "mode": "${mode}"`, {
    next: `What it knows: ${modes.join(', ')}.`,
  })
}
