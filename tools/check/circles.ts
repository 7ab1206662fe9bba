import { posix } from 'node:path'
import { importsOf } from './layers.ts'
import { type Problem, readSourceFiles } from './source-files.ts'

/** From each file or folder to those that it imports, with the place of the first import. */
type Graph = Map<string, Map<string, string>>

/** Circles within a package's src: of its files, and of the folders and files at its top. */
export function findCircles(root: string): Problem[] {
  const files: Graph = new Map()
  const folders = new Map<string, Graph>()
  for (const file of readSourceFiles(root)) {
    const [, home, path] = /^(packages\/[^/]+\/src)\/(.+)$/.exec(file.path) ?? []
    if (home === undefined || path === undefined) continue
    const folderGraph = folders.get(home) ?? new Map()
    folders.set(home, folderGraph)
    for (const { from, line } of importsOf(file)) {
      if (!from.startsWith('.')) continue
      const target = posix.join(posix.dirname(path), from)
      const place = `${file.path}:${line}`
      addArrow(files, file.path, posix.join(home, target), place)
      addArrow(folderGraph, topOf(path), topOf(target), place)
    }
  }
  // A circle of files at the top is found among the files.
  const ofFolders = [...folders.values()].flatMap(circlesIn).filter(({ members }) => members.some(isFolder))
  return [...circlesIn(files), ...ofFolders].map(({ members, place }) => {
    return { path: place, message: `${members.join(', ')} depend on each other in a circle` }
  })
}

function addArrow(graph: Graph, from: string, to: string, place: string): void {
  if (from === to) return
  const arrows = graph.get(from) ?? new Map<string, string>()
  graph.set(from, arrows)
  if (!arrows.has(to)) arrows.set(to, place)
}

/** The uppermost folder, or the file where it is in none. */
function topOf(path: string): string {
  return path.split('/')[0] ?? path
}

function isFolder(node: string): boolean {
  return !node.endsWith('.ts')
}

interface Circle {
  readonly members: readonly string[]
  /** An import that is part of it. */
  readonly place: string
}

/** One circle for each set of nodes that reach each other. */
function circlesIn(graph: Graph): Circle[] {
  const reached = new Map([...graph.keys()].map((node) => [node, reachedFrom(graph, node)]))
  const circles: Circle[] = []
  const seen = new Set<string>()
  for (const [node, arrows] of graph) {
    if (seen.has(node) || !reached.get(node)?.has(node)) continue
    const others = [...(reached.get(node) ?? [])]
    const members = others.filter((other) => reached.get(other)?.has(node)).sort()
    for (const member of members) seen.add(member)
    const place = [...arrows].find(([to]) => members.includes(to))?.[1]
    circles.push({ members, place: place ?? node })
  }
  return circles
}

function reachedFrom(graph: Graph, start: string): Set<string> {
  const reached = new Set<string>()
  const waiting = [...(graph.get(start)?.keys() ?? [])]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (reached.has(node)) continue
    reached.add(node)
    waiting.push(...(graph.get(node)?.keys() ?? []))
  }
  return reached
}
