import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeCertificate } from './certificate.ts'
import { copyJars } from './maven.ts'
import type { RunCommand, Server } from './server.ts'
import { javaHome, missingJava, missingTool } from './toolchain.ts'

const POM = fileURLToPath(new URL('cassandra-pom.xml', import.meta.url))
const JAVA = { from: 17, to: 17 }
const PASSWORD = 'millrace-test-secret'

export interface CassandraAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  /** The certificate that TLS is to be trusted by. */
  readonly ca: string
}

/** One node that takes logins only, with TLS and without on the same port. */
export const cassandra: Server<CassandraAddress> = {
  pins: readFileSync(POM, 'utf8'),
  missing: () => missingJava(JAVA) ?? missingTool('mvn', 'openssl'),
  install: (home, run) => copyJars(POM, home, run, { JAVA_HOME: javaHome(JAVA) ?? '' }),
  launch: async ({ home, data, freePort, run }) => {
    const [port, storagePort, jmxPort] = [await freePort(), await freePort(), await freePort()]
    const tls = await makeCertificate(join(data, 'tls'), run)
    const keystore = await makeKeystore(data, tls, run)
    const yaml = join(data, 'cassandra.yaml')
    await writeFile(yaml, settings({ data, port, storagePort, keystore }))
    await mkdir(join(data, 'logs'))
    await writeFile(join(data, 'logback.xml'), LOGGING)
    return {
      command: [
        join(javaHome(JAVA) ?? '', 'bin', 'java'),
        ...JVM,
        `-Dcassandra.config=file://${yaml}`,
        `-Dcassandra.storagedir=${data}`,
        `-Dcassandra.jmx.local.port=${jmxPort}`,
        `-Dlogback.configurationFile=${join(data, 'logback.xml')}`,
        ...['-cp', join(home, '*'), 'org.apache.cassandra.service.CassandraDaemon'],
      ],
      address: { host: '127.0.0.1', port, user: 'cassandra', password: 'cassandra', ca: tls.certificate },
      // The first start makes the login; any other finds what it has left.
      ready: async (log) =>
        log.includes('Startup complete') && /Created default superuser role|Using saved tokens/.test(log),
    }
  },
}

async function makeKeystore(
  data: string,
  { key, certificate }: { readonly key: string; readonly certificate: string },
  run: RunCommand,
): Promise<string> {
  const keystore = join(data, 'tls', 'node.p12')
  const files = ['-inkey', key, '-in', certificate, '-out', keystore]
  await run(['openssl', 'pkcs12', '-export', ...files, '-name', 'node', '-passout', `pass:${PASSWORD}`])
  return keystore
}

interface Settings {
  readonly data: string
  readonly port: number
  readonly storagePort: number
  readonly keystore: string
}

function settings({ data, port, storagePort, keystore }: Settings): string {
  const seeds = { class_name: 'org.apache.cassandra.locator.SimpleSeedProvider' }
  // JSON is YAML too.
  return JSON.stringify({
    cluster_name: 'test',
    num_tokens: 1,
    partitioner: 'org.apache.cassandra.dht.Murmur3Partitioner',
    authenticator: 'PasswordAuthenticator',
    authorizer: 'CassandraAuthorizer',
    role_manager: 'CassandraRoleManager',
    data_file_directories: [join(data, 'tables')],
    commitlog_directory: join(data, 'commitlog'),
    saved_caches_directory: join(data, 'caches'),
    hints_directory: join(data, 'hints'),
    cdc_raw_directory: join(data, 'cdc'),
    // A write is answered when it would survive a kill of the node.
    commitlog_sync: 'batch',
    commitlog_segment_size: '8MiB',
    endpoint_snitch: 'SimpleSnitch',
    listen_address: '127.0.0.1',
    rpc_address: '127.0.0.1',
    storage_port: storagePort,
    native_transport_port: port,
    client_encryption_options: {
      ...{ enabled: true, optional: true, keystore, keystore_password: PASSWORD, store_type: 'PKCS12' },
    },
    seed_provider: [{ ...seeds, parameters: [{ seeds: `127.0.0.1:${storagePort}` }] }],
    auto_snapshot: false,
    memtable_heap_space: '64MiB',
    memtable_offheap_space: '64MiB',
    key_cache_size: '4MiB',
    concurrent_reads: 4,
    concurrent_writes: 4,
  })
}

const LOGGING = `<configuration>
  <appender name="STDOUT" class="ch.qos.logback.core.ConsoleAppender"><encoder><pattern>%-5level %msg%n</pattern></encoder></appender>
  <root level="INFO"><appender-ref ref="STDOUT"/></root>
</configuration>
`

const OPENED = [
  ...[
    'lang',
    'lang.module',
    'lang.reflect',
    'io',
    'nio',
    'net',
    'util',
    'util.concurrent',
    'util.concurrent.atomic',
  ].map((name) => `java.base/java.${name}`),
  ...['loader', 'ref', 'reflect', 'math', 'module', 'util.jar', 'misc'].map((name) => `java.base/jdk.internal.${name}`),
  'java.base/sun.nio.ch',
  ...['transport', 'registry', 'server'].map(
    (name) => `java.rmi/sun.rmi.${name === 'transport' ? 'transport.tcp' : name}`,
  ),
  ...['java.rmi/sun.rmi.transport', 'java.sql/java.sql', 'jdk.management/com.sun.management.internal'],
  'java.management.rmi/javax.management.remote.rmi',
]

/** Small, and quick to start. */
const JVM = [
  ...[...new Set(OPENED)].flatMap((name) => [
    '--add-opens',
    `${name}=ALL-UNNAMED`,
    '--add-exports',
    `${name}=ALL-UNNAMED`,
  ]),
  ...['-Xms384m', '-Xmx384m', '-Xss512k', '-XX:+UseSerialGC', '-XX:MaxDirectMemorySize=128m'],
  '-Djdk.attach.allowAttachSelf=true',
  '-Dio.netty.tryReflectionSetAccessible=true',
  '-Dcassandra-foreground=yes',
  '-Dcassandra.skip_wait_for_gossip_to_settle=0',
  '-Dcassandra.ring_delay_ms=100',
  '-Dcassandra.superuser_setup_delay_ms=0',
]
