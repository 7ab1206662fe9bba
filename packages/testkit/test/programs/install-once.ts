import { installed } from '../../src/services/install.ts'

// Installs a server whose installation is the shell text given; tells its parent when it begins and when it is there.
const [, , text = ''] = process.argv
const recipe = {
  pins: 'any',
  missing: () => undefined,
  install: (_home: string, run: (command: readonly string[]) => Promise<void>) => run(['sh', '-c', text]),
  launch: () => Promise.reject(new Error('only installed')),
}
const home = await installed('sample', recipe, {
  say: (said) => process.send?.({ said }),
  started: () => process.send?.({ started: true }),
})
process.send?.({ home }, () => process.disconnect?.())
