import { readFileSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Installation } from './server.ts'
import { missingTool } from './toolchain.ts'

const FILES = ['package.json', 'package-lock.json'] as const

const fileOf = (name: (typeof FILES)[number]) =>
  fileURLToPath(new URL(`../../../../infra/aws/${name}`, import.meta.url))

/** What infra/aws depends on: `<home>/node_modules`. */
export const cdk: Installation = {
  pins: readFileSync(fileOf('package-lock.json'), 'utf8'),
  missing: () => missingTool('npm'),
  install: async (home, run) => {
    for (const name of FILES) await copyFile(fileOf(name), join(home, name))
    await run(['npm', 'ci', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', home])
  },
}
