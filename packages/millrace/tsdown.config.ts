import { globSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { defineConfig } from 'tsdown'
import { assetUrls } from './build/asset-urls.ts'
import { BUNDLED, BUNDLED_BUT_TYPES, bundledPackages } from './build/bundled.ts'
import { dashboard } from './build/dashboard.ts'
import { copyExample, EXAMPLE, EXAMPLE_PLACE, exampleConfig } from './build/example.ts'

/** Each by itself: `millrace init --example` copies them into projects, where nothing of the package is beside them. */
const generators = globSync('datasets/*/generator.ts', { cwd: EXAMPLE }).map((path) => ({
  [`${EXAMPLE_PLACE}/${path.replace(/\.ts$/, '')}`]: `${EXAMPLE}/${path}`,
}))

const STACKS = resolve('build/disposable-stack.ts')

const library = { index: 'src/index.ts', delta: 'src/delta.ts', testkit: 'src/testkit.ts' }

const common = {
  format: 'esm',
  platform: 'node',
  fixedExtension: false,
  alias: { millrace: resolve('src/index.ts') },
} as const

export default defineConfig([
  {
    ...common,
    entry: { main: 'src/main.ts', ...library },
    // The lowest release that the dependencies allow: package.json says the same.
    target: 'node22.22',
    dts: false,
    plugins: [assetUrls(), dashboard(), exampleConfig(), bundledPackages()],
    inputOptions: (options) => ({
      ...options,
      transform: {
        ...options.transform,
        inject: {
          DisposableStack: [STACKS, 'DisposableStack'],
          AsyncDisposableStack: [STACKS, 'AsyncDisposableStack'],
        },
      },
    }),
    deps: { onlyBundle: BUNDLED, alwaysBundle: [BUNDLED_BUT_TYPES] },
    onSuccess: async ({ outDir }) => {
      await copyExample(outDir)
      await copyFile('../../LICENSE', join(outDir, '../LICENSE'))
    },
  },
  ...generators.map((entry) => ({
    ...common,
    entry,
    clean: false,
    dts: false,
    // Of what makes records nothing but their own code is needed.
    treeshake: { moduleSideEffects: false },
  })),
  {
    ...common,
    entry: library,
    clean: false,
    dts: { tsconfig: 'tsconfig.json', dtsOnly: true },
    // Of the types only our own are bundled.
    deps: { neverBundle: new RegExp(`^(${BUNDLED.join('|')})(/|$)`) },
  },
])
