import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { findCircles } from './circles.ts'
import { findOwnClocks } from './clocks.ts'
import { findBrokenDocs } from './docs.ts'
import { findLayerBreaks } from './layers.ts'
import { findMapErrors, layeredPicture } from './map.ts'
import { findPrivateImports } from './public-entries.ts'
import type { Problem } from './source-files.ts'
import { findUntidy } from './tidy.ts'
import { findPrivateWords } from './words.ts'

interface Outcome {
  readonly passed: boolean
  readonly output: string
  /** For people, also when all is well. */
  readonly picture?: string
}

/** One part of `pnpm check`, run on the workspace at `root`. */
export type Part = (root: string) => Promise<Outcome>

export const PARTS: Readonly<Record<string, Part>> = {
  types: everyProject,
  lint: tool('biome', ['ci', '--colors=off', '--max-diagnostics=50']),
  unused: tool('knip', ['--no-progress']),
  layers: problems((root) => [...findLayerBreaks(root), ...findCircles(root), ...findPrivateImports(root)]),
  map: problems(findMapErrors, layeredPicture),
  docs: problems(findBrokenDocs),
  tidy: problems((root) => [...findUntidy(root), ...findOwnClocks(root), ...findPrivateWords(root)]),
}

const BIN = fileURLToPath(new URL('../../node_modules/.bin/', import.meta.url))

function tool(name: string, args: readonly string[]): Part {
  return (root) =>
    new Promise((settle, fail) => {
      const child = spawn(`${BIN}${name}`, args, { cwd: root, env: { ...process.env, NO_COLOR: '1' } })
      const chunks: Buffer[] = []
      child.stdout.on('data', (chunk) => chunks.push(chunk))
      child.stderr.on('data', (chunk) => chunks.push(chunk))
      child.on('error', fail)
      child.on('close', (code) => settle({ passed: code === 0, output: Buffer.concat(chunks).toString() }))
    })
}

/** What runs in a browser is a project of its own: it knows a browser's types, and nothing else does. */
async function everyProject(root: string): Promise<Outcome> {
  const projects = ['tsconfig.json', ...globSync('packages/*/src/*/tsconfig.json', { cwd: root })]
  const outcomes = await Promise.all(projects.map((project) => tool('tsc', ['--noEmit', '--project', project])(root)))
  return {
    passed: outcomes.every(({ passed }) => passed),
    output: outcomes.map(({ output }) => output).join(''),
  }
}

function problems(find: (root: string) => readonly Problem[], draw?: (root: string) => string): Part {
  return async (root) => {
    const found = find(root)
    const output = found.map(({ path, message }) => `${path}: ${message}\n`).join('')
    return { passed: found.length === 0, output, ...(draw && { picture: draw(root) }) }
  }
}
