import { registerHooks } from 'node:module'

// Loaded before an example: its `millrace` is the one of this repository.
const OWN: Readonly<Record<string, URL>> = {
  millrace: new URL('../../../src/index.ts', import.meta.url),
  'millrace/delta': new URL('../../../src/delta.ts', import.meta.url),
}
registerHooks({
  resolve(specifier, context, nextResolve) {
    const own = OWN[specifier]
    if (own) return { url: own.href, shortCircuit: true }
    const isOthers = specifier === 'apache-arrow'
    return nextResolve(specifier, isOthers ? { ...context, parentURL: import.meta.url } : context)
  },
})
