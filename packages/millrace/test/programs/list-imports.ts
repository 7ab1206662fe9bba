import { writeSync } from 'node:fs'
import { registerHooks } from 'node:module'

// Loaded before the command: writes down every module that it asks for.
registerHooks({
  resolve: (specifier, context, nextResolve) => {
    writeSync(2, `${specifier}\n`)
    return nextResolve(specifier, context)
  },
})
