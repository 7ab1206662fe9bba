import { existsSync, lstatSync, statSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MillraceError } from '@millrace/base'
import { OWN_CONFIG } from './own-config.ts'

export const CONFIG_FILE = 'millrace.config.ts'

export async function readOwnConfig(): Promise<Record<string, unknown>> {
  return OWN_CONFIG.file === undefined ? {} : settingsIn(OWN_CONFIG.file)
}

/** The default export of `path`, or of millrace.config.ts in the working folder if there is one. */
export async function readConfigFile(path: string | undefined): Promise<Record<string, unknown> | undefined> {
  const file = resolve(path ?? CONFIG_FILE)
  if (!existsSync(file)) {
    if (path === undefined) return undefined
    throw new MillraceError('CONFIG_INVALID', `there is no configuration file ${file}`, { next: 'Mend --config.' })
  }
  if (path === undefined) refusePlanted(file)
  return settingsIn(file)
}

/**
 * The file is code that runs with the rights of the user. Where everybody may write, such as in /tmp, it counts only
 * when it is the caller's own, or root's.
 */
function refusePlanted(file: string): void {
  const isShared = (statSync(dirname(file)).mode & 0o002) !== 0
  const owner = lstatSync(file).uid
  if (!isShared || process.getuid === undefined || owner === process.getuid() || owner === 0) return
  throw new MillraceError('CONFIG_INVALID', `${file} is somebody else's, in a folder where everybody may write`, {
    next: 'Work in another folder; if it is to be used all the same, name it by --config.',
  })
}

async function settingsIn(file: string): Promise<Record<string, unknown>> {
  const config = await importConfig(file)
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config as Record<string, unknown>
  throw new MillraceError('CONFIG_INVALID', `${file} does not export its settings`, {
    next: 'End it with `export default defineConfig({ … })`.',
  })
}

async function importConfig(file: string): Promise<unknown> {
  const hooks = registerHooks({ resolve: resolveOwnName })
  try {
    const module: { default?: unknown } = await import(pathToFileURL(file).href)
    return module.default
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new MillraceError('CONFIG_INVALID', `${file} could not be loaded: ${reason}`, {
      cause,
      next: 'Mend the file; --debug shows the place.',
    })
  } finally {
    hooks.deregister()
  }
}

/** Our own entries, as they are built and as they are here. */
const OWN_NAMES: Readonly<Record<string, URL>> = {
  millrace: new URL('../index.ts', import.meta.url),
  'millrace/delta': new URL('../delta.ts', import.meta.url),
}

/** A configuration file lies in any folder, mostly one without node_modules; it finds `defineConfig` all the same. */
const resolveOwnName: import('node:module').ResolveHookSync = (specifier, context, nextResolve) => {
  const url = OWN_NAMES[specifier]
  return url ? { url: url.href, shortCircuit: true } : nextResolve(specifier, context)
}
