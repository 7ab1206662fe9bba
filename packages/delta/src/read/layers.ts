/** A read-only map. */
export interface ByKey<V> {
  readonly size: number
  get(key: string): V | undefined
  has(key: string): boolean
  keys(): IteratorObject<string>
  values(): IteratorObject<V>
  entries(): IteratorObject<[string, V]>
}

/** Changes by key; undefined where the key was removed. */
export type Changes<V> = ReadonlyMap<string, V | undefined>

/**
 * A persistent map: it shares everything unchanged with the map it was derived from. The newest layer that has a key
 * decides. A layer is merged into the one below when it has grown to half of its size, so there are few layers, and a
 * change costs about its own size however large the map is.
 */
export interface Layered<V> extends ByKey<V> {
  with(changes: Changes<V>): Layered<V>
}

export function layered<V>(base: Changes<V>): Layered<V> {
  return fromLayers([base], base.size)
}

function fromLayers<V>(layers: readonly Changes<V>[], size: number): Layered<V> {
  const set: Layered<V> = {
    size,
    get: (key) => find(layers, key),
    has: (key) => find(layers, key) !== undefined,
    keys: () => entriesOf(layers).map(([key]) => key),
    values: () => valuesOf(layers),
    entries: () => entriesOf(layers),
    with(changes) {
      if (changes.size === 0) return set
      let grown = size
      for (const [key, value] of changes) {
        grown += (value === undefined ? 0 : 1) - (size > 0 && set.has(key) ? 1 : 0)
      }
      return fromLayers(merged([...layers, changes]), grown)
    },
  }
  return set
}

function find<V>(layers: readonly Changes<V>[], key: string): V | undefined {
  for (let i = layers.length - 1; i >= 0; i--) {
    const layer = layers[i] as Changes<V>
    const value = layer.get(key)
    if (value !== undefined || layer.has(key)) return value
  }
  return undefined
}

function valuesOf<V>(layers: readonly Changes<V>[]): IteratorObject<V> {
  const [only, ...more] = layers
  // An entry for each value would take four times as long.
  if (only && more.length === 0) return only.values().filter((value) => value !== undefined)
  return entriesOf(layers).map(([, value]) => value)
}

function* entriesOf<V>(layers: readonly Changes<V>[]): Generator<[string, V]> {
  for (let i = 0; i < layers.length; i++) {
    const newer = layers.slice(i + 1)
    for (const [key, value] of layers[i] as Changes<V>) {
      if (value !== undefined && !newer.some((layer) => layer.has(key))) yield [key, value]
    }
  }
}

function merged<V>(layers: Changes<V>[]): readonly Changes<V>[] {
  for (;;) {
    const [below, top] = layers.slice(-2)
    if (!below || !top || top.size * 2 < below.size) return layers
    layers.splice(-2, 2, merge(below, top, layers.length === 2))
  }
}

function merge<V>(below: Changes<V>, top: Changes<V>, isBase: boolean): Changes<V> {
  if (below.size === 0) return top
  const both = new Map(below)
  for (const [key, value] of top) {
    if (isBase && value === undefined) both.delete(key)
    else both.set(key, value)
  }
  return both
}
