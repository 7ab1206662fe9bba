import { MillraceError, redact } from '@millrace/base'
import {
  anchorLast,
  type OpenOutput,
  type Output,
  type OutputContext,
  type OutputKind,
  outputAt,
  type PipelineOutputs,
  refuseMode,
} from '@millrace/outputs'
import type { Dataset, Expectation } from '@millrace/transform'
import type { OutputNews } from './telemetry.ts'

/** An address, such as `delta` or `postgres://host/db`, or what opens an output of one's own. */
export type OutputChoice = string | OpenOutput

interface Chosen extends OutputKind {
  readonly address: string
}

/**
 * Returns the outputs that were chosen, the anchor first: the lake's table where it is among them, else the first that
 * takes rows.
 */
export async function kindsOf(chosen: readonly OutputChoice[]): Promise<readonly Chosen[]> {
  const kinds = await Promise.all([...new Set(chosen)].map(kindOf))
  const order = ({ address, takes }: Chosen) => (address === 'delta' ? 0 : takes === 'messages' ? 2 : 1)
  return kinds.toSorted((a, b) => order(a) - order(b))
}

async function kindOf(choice: OutputChoice): Promise<Chosen> {
  if (typeof choice === 'string') return { ...(await outputAt(choice)), address: choice }
  return { open: choice, address: 'own' }
}

/** Returns the data set that also rejects what one of the outputs cannot hold. */
export function thatFits(dataset: Dataset, kinds: readonly Chosen[]): Dataset {
  const picky = kinds.filter(({ fits }) => fits)
  if (picky.length === 0) return dataset
  const fitsOutputs = (evolved: Dataset): Expectation => {
    const predicates = picky.map(({ fits, address, evolves }) => `(${fits?.(evolves ? evolved : dataset, address)})`)
    return { name: 'fits_outputs', predicate: predicates.join(' AND '), otherwise: 'quarantine' }
  }
  return { ...dataset, expectations: [...dataset.expectations, fitsOutputs(dataset)], fitsOutputs }
}

/** Returns the addresses without their settings, for people; with them where two are alike but for their settings. */
export function shownAddresses(addresses: readonly string[]): string[] {
  const bare = addresses.map((address) => address.split('?')[0] ?? '')
  return bare.map((each, i) => redact(bare.indexOf(each) === bare.lastIndexOf(each) ? each : (addresses[i] ?? '')))
}

/** The columns of the lake's table decide what a record's values must be: without it no two workers could agree. */
function refuseEvolvingAlone({ name, onSchemaChange }: Dataset, kinds: readonly Chosen[]): void {
  if (onSchemaChange !== 'evolve' || kinds.every(({ takes }) => takes === 'messages')) return
  if (kinds.some(({ address }) => address === 'delta')) return
  throw new MillraceError('OUTPUT_REFUSED', `the data set ${name} evolves, and is not written to the lake`, {
    next: 'Write it to the lake too, as in --to delta, or choose another onSchemaChange.',
  })
}

export interface OpenedOutputs extends PipelineOutputs {
  /** Addresses are as they were given. */
  standing(): readonly OutputNews[]
}

/** Opens the outputs of a pipeline, and the quarantine with them where any of them takes rows. */
export async function openOutputs(
  kinds: readonly Chosen[],
  context: Omit<OutputContext, 'address'>,
  held: AsyncDisposableStack,
): Promise<OpenedOutputs> {
  const open = async ({ open, address }: Chosen): Promise<Output> =>
    held.adopt(await open({ ...context, address }), (output) => output.close())
  const opened: Output[] = []
  for (const { address, modes } of kinds) refuseMode(context.dataset, `the output ${address}`, modes)
  refuseEvolvingAlone(context.dataset, kinds)
  for (const kind of kinds) opened.push(await open(kind))
  const [anchor, ...others] = opened
  if (anchor === undefined) throw new MillraceError('OUTPUT_ADDRESS', 'no output is named')
  const { runtime } = context.machine
  const named = (outputs: PipelineOutputs): OpenedOutputs => ({
    ...outputs,
    standing: () => outputs.standing().map((each, i) => ({ ...each, address: kinds[i]?.address ?? '' })),
  })
  if (kinds.every(({ takes }) => takes === 'messages')) return named(anchorLast(anchor, others, runtime, 'messages'))
  const quarantine = await open({ ...(await outputAt('quarantine')), address: 'quarantine' })
  const take = kinds.some(({ takes }) => takes === 'messages') ? 'both' : 'rows'
  return named(anchorLast(anchor, [quarantine, ...others], runtime, take))
}
