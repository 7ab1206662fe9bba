import { globSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { defineConfig } from 'tsdown'
import { assetUrls } from './build/asset-urls.ts'
import { dashboard } from './build/dashboard.ts'
import { copyExample, EXAMPLE, EXAMPLE_PLACE, exampleConfig } from './build/example.ts'

const generators = globSync('datasets/*/generator.ts', { cwd: EXAMPLE }).map((path) => [
  `${EXAMPLE_PLACE}/${path.replace(/\.ts$/, '')}`,
  `${EXAMPLE}/${path}`,
])

const STACKS = resolve('build/disposable-stack.ts')

export default defineConfig({
  entry: { main: 'src/main.ts', index: 'src/index.ts', ...Object.fromEntries(generators) },
  format: 'esm',
  platform: 'node',
  // The lowest release that the dependencies allow: package.json says the same.
  target: 'node22.22',
  fixedExtension: false,
  dts: { tsconfig: 'tsconfig.json', entry: ['src/index.ts'] },
  alias: { millrace: resolve('src/index.ts') },
  plugins: [assetUrls(), dashboard(), exampleConfig()],
  inputOptions: (options) => ({
    ...options,
    transform: {
      ...options.transform,
      inject: { DisposableStack: [STACKS, 'DisposableStack'], AsyncDisposableStack: [STACKS, 'AsyncDisposableStack'] },
    },
  }),
  deps: {
    // What is bundled, by name: a dependency is either here or in package.json.
    onlyBundle: [
      'commander',
      'string-width',
      'ansi-regex',
      'strip-ansi',
      'get-east-asian-width',
      'prom-client',
      'bintrees',
      'tdigest',
      '@opentelemetry/api',
      'zod',
      'croner',
    ],
  },
  onSuccess: async ({ outDir }) => {
    await copyExample(outDir)
    await copyFile('../../LICENSE', join(outDir, '../LICENSE'))
  },
})
