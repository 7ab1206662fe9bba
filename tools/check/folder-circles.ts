import { posix } from 'node:path'
import { importsOf } from './layers.ts'
import { type Problem, readSourceFiles } from './source-files.ts'

/** Circles that a folder of a package's src is part of. A file at the top of src stands for itself. */
export function findFolderCircles(root: string): Problem[] {
  const graphs = new Map<string, Map<string, Map<string, string>>>()
  for (const file of readSourceFiles(root)) {
    const [, home, path] = /^(packages\/[^/]+\/src)\/(.+)$/.exec(file.path) ?? []
    if (home === undefined || path === undefined) continue
    const graph = graphs.get(home) ?? new Map<string, Map<string, string>>()
    graphs.set(home, graph)
    for (const { from, line } of importsOf(file)) {
      if (!from.startsWith('.')) continue
      const [own, other] = [nodeOf(path), nodeOf(posix.join(posix.dirname(path), from))]
      if (own === other) continue
      const arrows = graph.get(own) ?? new Map<string, string>()
      graph.set(own, arrows)
      if (!arrows.has(other)) arrows.set(other, `${file.path}:${line}`)
    }
  }
  return [...graphs.values()].flatMap(circlesIn)
}

/** The uppermost folder, or the file where it is in none. */
function nodeOf(path: string): string {
  return path.split('/')[0] ?? path
}

/** One problem for each set of folders that reach each other. */
function circlesIn(graph: ReadonlyMap<string, ReadonlyMap<string, string>>): Problem[] {
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean => {
    for (const next of graph.get(from)?.keys() ?? []) {
      if (next === to) return true
      if (!seen.has(next) && reaches(next, to, seen.add(next))) return true
    }
    return false
  }
  const problems: Problem[] = []
  const seen = new Set<string>()
  for (const [node, arrows] of graph) {
    if (seen.has(node)) continue
    const circle = [...graph.keys()].filter((other) => other === node || (reaches(node, other) && reaches(other, node)))
    for (const member of circle) seen.add(member)
    if (circle.length < 2 || circle.every((other) => other.endsWith('.ts'))) continue
    const place = [...arrows].find(([to]) => circle.includes(to))?.[1]
    problems.push({ path: place ?? node, message: `${circle.join(', ')} depend on each other in a circle` })
  }
  return problems
}
