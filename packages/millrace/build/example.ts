import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import type { Rolldown } from 'tsdown'

/** The example that the package works with where nothing is configured. */
export const EXAMPLE = '../../examples/pinterest'

/** Its place in the package. */
export const EXAMPLE_PLACE = 'examples/pinterest'

const OWN_CONFIG = /\/millrace\/src\/settings\/own-config\.ts$/

/** Makes the example the settings of the package, as the configuration of the workspace is those of a clone. */
export function exampleConfig(): Rolldown.Plugin {
  return {
    name: 'example-config',
    load: {
      filter: { id: OWN_CONFIG },
      handler() {
        const file = this.emitFile({
          type: 'chunk',
          id: join(import.meta.dirname, '..', EXAMPLE, 'millrace.config.ts'),
          fileName: `${EXAMPLE_PLACE}/millrace.config.js`,
        })
        const code = `import { fileURLToPath } from 'node:url'
export const OWN_CONFIG = {
  file: fileURLToPath(new URL(import.meta.ROLLUP_FILE_URL_${file})),
  name: 'the built-in example',
  isExample: true,
}
`
        return { code, moduleType: 'js' }
      },
    },
  }
}

/** Copies what the example holds besides code. */
export async function copyExample(to: string): Promise<void> {
  const options = { recursive: true, filter: (path: string) => !path.endsWith('.ts') && !path.includes('node_modules') }
  for (const folder of ['datasets', 'questions'])
    await cp(join(EXAMPLE, folder), join(to, EXAMPLE_PLACE, folder), options)
}
