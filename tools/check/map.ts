import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { importsOf, LAYERS } from './layers.ts'
import { type Problem, readSourceFiles } from './source-files.ts'

const MAP = 'docs/architecture.md'

type Edges = ReadonlyMap<string, ReadonlySet<string>>

/** What each package imports of others, by the code that runs. */
function realEdges(root: string): Edges {
  const edges = new Map<string, Set<string>>(LAYERS.flat().map((name) => [name, new Set()]))
  for (const file of readSourceFiles(root)) {
    const from = /^packages\/(\w+)\/src\//.exec(file.path)?.[1]
    if (from === undefined) continue
    for (const { from: imported } of importsOf(file)) {
      const to = /^@millrace\/(\w+)$/.exec(imported)?.[1]
      if (to !== undefined && to !== from) edges.get(from)?.add(to)
    }
  }
  return edges
}

/** The arrows worth drawing: those that no other way makes already. */
function drawn(edges: Edges): string[] {
  const reaches = (from: string, to: string): boolean =>
    [...(edges.get(from) ?? [])].some((next) => next === to || reaches(next, to))
  return [...edges].flatMap(([from, direct]) =>
    [...direct]
      .filter((to) => ![...direct].some((other) => other !== to && reaches(other, to)))
      .map((to) => arrow(from, to)),
  )
}

const arrow = (from: string, to: string) => `${from} --> ${to}`

/** The arrows of a flowchart: `a --> b & c`, `a --> b --> c`. */
function arrowsIn(text: string): string[] {
  const chart = /```mermaid\n([\s\S]*?)```/.exec(text)?.[1] ?? ''
  return chart.split('\n').flatMap((line) => {
    const stops = line.split('-->').map((stop) => stop.split('&').map((name) => name.trim()))
    return stops.slice(1).flatMap((to, i) => (stops[i] ?? []).flatMap((from) => to.map((each) => arrow(from, each))))
  })
}

/** Where the map of the packages says other than the imports do. */
export function findMapErrors(root: string): Problem[] {
  const path = join(root, MAP)
  if (!existsSync(path)) return []
  const [real, said] = [drawn(realEdges(root)), arrowsIn(readFileSync(path, 'utf8'))]
  return [
    ...real.filter((each) => !said.includes(each)).map((each) => ({ path: MAP, message: `lacks ${each}` })),
    ...said
      .filter((each) => !real.includes(each))
      .map((each) => ({ path: MAP, message: `draws ${each}, which is not so` })),
  ]
}

/** The layers from the top down, with what each package imports. */
export function layeredPicture(root: string): string {
  const edges = realEdges(root)
  const order = LAYERS.flat()
  return LAYERS.toReversed()
    .map((layer) =>
      layer
        .map((name) => {
          const below = [...(edges.get(name) ?? [])].sort((a, b) => order.indexOf(b) - order.indexOf(a))
          return `  ${name.padEnd(10)} → ${below.join(', ') || '–'}`
        })
        .join('\n'),
    )
    .join('\n  ──\n')
}
