import type { Machine } from '@millrace/engine'
import type { ObjectStore } from '@millrace/store'
import { type Dataset, datasetFolder, loadDataset } from '@millrace/transform'
import { kindsOf, type OpenedOutputs, openOutputs, thatFits } from '../open-outputs.ts'
import type { StreamOptions } from '../options.ts'
import { refuseKindsByField } from '../routes/kinds.ts'
import type { Route } from '../routes/route.ts'

/** A route whose data set is loaded and whose outputs are open. */
export interface OpenedRoute {
  readonly route: Route
  readonly dataset: Dataset
  readonly outputs: OpenedOutputs
  readonly kinds: NonNullable<Route['kinds']>
}

/** Opens a route whose records are those of a data set; its outputs are closed with `held`. */
export async function openRoute(
  route: Route,
  found: Dataset,
  options: StreamOptions,
  store: ObjectStore,
  machine: Machine,
  held: AsyncDisposableStack,
): Promise<OpenedRoute> {
  const { outputs: chosen = ['delta'], group } = options
  const { allowsAnotherGroup = false, nullColumns = {} } = options
  const kinds = await kindsOf(chosen)
  const dataset = thatFits(found, kinds)
  refuseKindsByField(dataset, route.kinds)
  const context = {
    ...{ store, table: route.table, dataset, group, allowsAnotherGroup, machine },
    nullColumns: nullColumns[route.dataset] ?? [],
    isOneOfMany: route.isFound ?? false,
  }
  return { route, dataset, outputs: await openOutputs(kinds, context, held), kinds: route.kinds ?? new Map() }
}

/** Returns the data set of a route; undefined while nothing is known of its records. */
export async function datasetOf(route: Route, options: StreamOptions): Promise<Dataset | undefined> {
  const { datasetFolders, datasets = [], inferDataset, formats = { environment: {} } } = options
  const { dataset: name, template } = route
  const own = datasets.find((dataset) => dataset.name === name)
  if (own) return own
  const hasOwnFolder = datasetFolder(name, datasetFolders) !== undefined
  if (!hasOwnFolder && template !== undefined) {
    const given = datasets.find((dataset) => dataset.name === template)
    return { ...(given ?? (await loadDataset(template, datasetFolders, formats))), name }
  }
  if (!hasOwnFolder && inferDataset) return inferDataset(route)
  return loadDataset(name, datasetFolders, formats)
}
