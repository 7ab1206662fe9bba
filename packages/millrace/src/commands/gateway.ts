import { MillraceError, systemRuntime } from '@millrace/base'
import type { Arguments } from '../arguments.ts'
import type { Command, Io, Run } from '../command.ts'
import { refuseLink } from '../output-file.ts'
import type { ResolvedSettings } from '../settings/resolve.ts'

const run: Run = async (settings, args, io) => {
  const { openGateway } = await import('@millrace/ingest')
  const gateway = await openGateway(await optionsOf(settings, args, io), systemRuntime)
  const { to } = settings.values
  const started = systemRuntime.monotonic()
  if (args.switch('--json')) io.json({ listening: gateway.url, to })
  else io.note(`${gateway.url} → ${to}; what it takes: ${gateway.url}/docs; Ctrl-C stops`)
  await stopped(io.signal)
  await gateway.close()
  const seconds = (systemRuntime.monotonic() - started) / 1000
  const { requests, records, bytes, refused } = gateway.totals
  if (args.switch('--json')) io.json({ requests, records, bytes, refused, seconds })
  else io.note(`${records} records in ${requests} requests, ${refused} of them refused, ${seconds.toFixed(1)} s`)
  return 0
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

async function optionsOf({ values }: ResolvedSettings, args: Arguments, io: Io) {
  const { datasets, datasetFolders: folders, recordPaths } = values
  const tls = await tlsOf(args)
  const requestsPerSecond = args.integer('--limit')
  return {
    listen: values.listen,
    to: values.to,
    keys: await keysOf(values.gatewayKeys ?? []),
    ...(values.keyFile !== undefined && { keyFile: values.keyFile }),
    report: io.note,
    plainHttp: args.switch('--plain-http'),
    allowDelete: args.switch('--allow-delete'),
    hostNames: values.hostNames,
    maxBodyBytes: values.maxBody,
    accessLog: await accessLogOf(args),
    ...(tls && { tls }),
    ...(requestsPerSecond !== undefined && { requestsPerSecond }),
    recordPaths: { datasets: recordPaths, folders },
    ...(args.switch('--validate') && { validate: { datasets, folders } }),
  }
}

const [STANDARD_OUTPUT, STANDARD_ERROR] = [1, 2]

async function accessLogOf(args: Arguments): Promise<string | number> {
  const file = args.text('--access-log')
  if (file !== undefined) await refuseLink(file)
  if (file !== undefined) return file
  // The output of --json stays apart.
  return args.switch('--json') ? STANDARD_ERROR : STANDARD_OUTPUT
}

async function keysOf(given: readonly string[]) {
  const { readKey } = await import('@millrace/ingest')
  return given.map((key, i) => readKey(key, `key-${i + 1}`))
}

async function tlsOf(args: Arguments): Promise<{ cert: string; key: string } | undefined> {
  const [cert, key] = [args.text('--tls-cert'), args.text('--tls-key')]
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined || key === undefined) {
    throw new MillraceError('USAGE', '--tls-cert and --tls-key go together')
  }
  const { readPrivateFile } = await import('@millrace/ingest')
  return { cert: await pem(cert), key: await readPrivateFile(key) }
}

async function pem(path: string): Promise<string> {
  const { readFile } = await import('node:fs/promises')
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new MillraceError('CONFIG_INVALID', `${path} can't be read`, { cause })
  }
}

export const gateway: Command = {
  about:
    'Takes records by HTTP, as Confluent REST Proxy v2, as Kinesis behind API Gateway, or one record a request, and answers when they are durable. Ctrl-C answers what is under way, then ends.',
  settings: ['listen', 'hostNames', 'to', 'keyFile', 'maxBody', 'datasets', 'datasetFolders', 'recordPaths'],
  options: [
    { flag: '--validate', description: 'refuse records that do not fit the data set of their topic' },
    { flag: '--limit', value: 'N', description: 'requests a second of one client: of a key, or an address' },
    { flag: '--tls-cert', value: 'FILE', description: 'speak HTTPS with this certificate (PEM)' },
    { flag: '--tls-key', value: 'FILE', description: 'and its key' },
    { flag: '--plain-http', description: 'let keys travel without TLS, such as behind a proxy that speaks it' },
    { flag: '--allow-delete', description: 'let keys with the role admin remove topics' },
    {
      flag: '--access-log',
      value: 'FILE',
      description: 'a line of JSON a request (default: standard output; with --json standard error)',
    },
    { flag: '--json', description: 'say in JSON where it listens, and at the end the totals' },
  ],
  examples: [
    { command: 'millrace gateway', does: 'into the embedded store, for this machine alone' },
    {
      command: 'millrace gateway --listen 127.0.0.1:8082 --to kafka://localhost:9092',
      does: 'in front of Kafka',
    },
    {
      command: 'millrace gateway --listen 0.0.0.0:8082 --key-file keys.txt --tls-cert c.pem --tls-key k.pem',
      does: 'for others, who need a key',
    },
  ],
  run,
}
