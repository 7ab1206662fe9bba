import { MillraceError, nearest } from '@millrace/base'
import type { Extensions } from './config.ts'

const KINDS = ['sources', 'outputs', 'stores', 'formats'] as const

/** Schemes of what is built in can't be taken away from it. */
const TAKEN = ['kafka', 'kinesis', 'embedded', 'file', 's3', 'delta', 'quarantine', 'postgres', 'cassandra', 'archive']

/** Makes what a configuration file adds known by its addresses and names. */
export async function addExtensions(extensions: unknown, fileName: string): Promise<void> {
  if (extensions === undefined) return
  const { sources = {}, outputs = {}, stores = {}, formats = [] } = checked(extensions, fileName)
  const [transport, out, store, format] = await Promise.all([
    import('@millrace/transport'),
    import('@millrace/outputs'),
    import('@millrace/store'),
    import('@millrace/formats'),
  ])
  transport.addSources(sources)
  out.addOutputs(outputs)
  store.addStores(stores)
  format.addFormats(formats)
}

function checked(extensions: unknown, fileName: string): Extensions {
  const invalid = (what: string, next: string) =>
    new MillraceError('CONFIG_INVALID', `${fileName}: \`extensions\` ${what}`, { next })
  if (typeof extensions !== 'object' || extensions === null)
    throw invalid('is no object', `It may have ${KINDS.join(', ')}.`)
  for (const [kind, value] of Object.entries(extensions)) {
    if (!KINDS.some((known) => known === kind)) {
      throw invalid(`has no ${kind}`, `Did you mean ${nearest(kind, KINDS) ?? KINDS.join(', ')}?`)
    }
    if (kind === 'formats') {
      if (
        Array.isArray(value) &&
        value.every((each) => typeof each?.read === 'function' && typeof each?.name === 'string')
      )
        continue
      throw invalid('has formats that are none', 'Make each with defineFormat, and put them into a list.')
    }
    for (const [scheme, open] of Object.entries(value ?? {})) {
      if (typeof open !== 'function')
        throw invalid(`has ${kind}.${scheme}, which is no function`, 'It is called to open it.')
      if (TAKEN.includes(scheme) || !/^[a-z][a-z0-9+.-]+$/.test(scheme)) {
        throw invalid(
          `can't have ${kind} for ${scheme}:`,
          'Choose a scheme of small letters that is not taken, such as lines.',
        )
      }
    }
  }
  return extensions
}
