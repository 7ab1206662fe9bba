import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { clusterId, kafka, kafkaTool, SMALL, toProperties } from './kafka.ts'
import type { Server } from './server.ts'

const HEAP = '384m'
const BROKERS = [1, 2] as const
const LISTENERS = ['plain', 'login', 'tls', 'login_tls'] as const

type Listener = (typeof LISTENERS)[number]

export interface KafkaPairAddress extends Readonly<Record<Listener, string>> {
  /** The certificate that TLS is to be trusted by. */
  readonly ca: string
  readonly username: string
  readonly password: string
  /** Another login, with the same password, for tests of what one may not do and how fast. */
  readonly limited: string
  /** After so long a login by PLAIN has to be renewed. */
  readonly plainLoginMs: number
}

const LOGIN = { username: 'alice', limited: 'bob', password: 'alice-secret', plainLoginMs: 2_000 }
const STORE_PASSWORD = 'not-a-secret'

/** Two brokers, so that a partition's leader can change; with TLS, every kind of login, and ACLs. */
export const kafkaPair: Server<KafkaPairAddress> = {
  ...kafka,
  launch: async ({ home, data, freePort, run }) => {
    const keystore = join(data, 'keystore.p12')
    const ca = join(data, 'ca.pem')
    await run(keytool(home, ['-genkeypair', '-alias', 'broker', '-keyalg', 'RSA', '-dname', 'CN=broker'], keystore))
    await run(keytool(home, ['-exportcert', '-alias', 'broker', '-rfc', '-file', ca], keystore))
    const controllerPort = await freePort()
    const cluster = clusterId()
    const commands: string[] = []
    const addresses: Record<Listener, string>[] = []
    for (const id of BROKERS) {
      const ports = Object.fromEntries(
        await Promise.all(LISTENERS.map(async (name) => [name, await freePort()] as const)),
      ) as Record<Listener, number>
      const properties = join(data, `broker-${id}.properties`)
      const settings = brokerSettings(id, ports, controllerPort, { keystore, log: join(data, `log-${id}`) })
      await writeFile(properties, toProperties(settings))
      await run([
        ...kafkaTool(home, 'kafka.tools.StorageTool'),
        ...['format', '-t', cluster, '-c', properties],
        ...['256', '512'].flatMap((bits) => ['--add-scram', scramUser(bits, LOGIN.username)]),
        ...['--add-scram', scramUser('512', LOGIN.limited)],
      ])
      commands.push([...kafkaTool(home, 'kafka.Kafka', HEAP), properties].map(quoted).join(' '))
      addresses.push(mapValues(ports, (port) => `127.0.0.1:${port}`))
    }
    return {
      command: ['sh', '-c', `${commands.join(' & ')} & wait`],
      address: { ...together(addresses), ca, ...LOGIN },
      ready: async (log) => log.split('Kafka Server started').length > BROKERS.length,
    }
  },
}

function brokerSettings(
  id: number,
  ports: Readonly<Record<Listener, number>>,
  controllerPort: number,
  files: { readonly keystore: string; readonly log: string },
) {
  const listeners = LISTENERS.map((name) => `${name.toUpperCase()}://127.0.0.1:${ports[name]}`)
  const controls = id === 1
  const secured = {
    'ssl.keystore.location': files.keystore,
    'ssl.keystore.password': STORE_PASSWORD,
    'ssl.key.password': STORE_PASSWORD,
    'ssl.keystore.type': 'PKCS12',
  }
  const module = 'org.apache.kafka.common.security'
  const logins = {
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    'plain.sasl.jaas.config': `${module}.plain.PlainLoginModule required user_${LOGIN.username}="${LOGIN.password}";`,
    'plain.connections.max.reauth.ms': LOGIN.plainLoginMs,
    'scram-sha-256.sasl.jaas.config': `${module}.scram.ScramLoginModule required;`,
    'scram-sha-512.sasl.jaas.config': `${module}.scram.ScramLoginModule required;`,
    'oauthbearer.sasl.jaas.config': `${module}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
  }
  return {
    'process.roles': controls ? 'broker,controller' : 'broker',
    'node.id': id,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: [...listeners, ...(controls ? [`CONTROLLER://127.0.0.1:${controllerPort}`] : [])].join(),
    'advertised.listeners': listeners.join(),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAIN',
    'listener.security.protocol.map':
      'PLAIN:PLAINTEXT,LOGIN:SASL_PLAINTEXT,TLS:SSL,LOGIN_TLS:SASL_SSL,CONTROLLER:PLAINTEXT',
    'log.dirs': files.log,
    // Resources without an ACL are open to all.
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'allow.everyone.if.no.acl.found': true,
    'super.users': 'User:ANONYMOUS',
    ...under('listener.name.login.', logins),
    ...under('listener.name.login_tls.', { ...logins, ...secured }),
    ...under('listener.name.tls.', secured),
    ...SMALL,
  }
}

function under<Value>(prefix: string, settings: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [prefix + key, value]))
}

function mapValues<Key extends string, From, To>(from: Readonly<Record<Key, From>>, to: (value: From) => To) {
  return Object.fromEntries(Object.entries<From>(from).map(([key, value]) => [key, to(value)])) as Record<Key, To>
}

/** Both brokers' addresses, listener by listener. */
function together(addresses: readonly Readonly<Record<Listener, string>>[]): Record<Listener, string> {
  return Object.fromEntries(
    LISTENERS.map((name) => [name, addresses.map((address) => address[name]).join()]),
  ) as Record<Listener, string>
}

function scramUser(bits: string, name: string): string {
  return `SCRAM-SHA-${bits}=[name=${name},password=${LOGIN.password}]`
}

function keytool(home: string, command: readonly string[], keystore: string): string[] {
  const [java = ''] = kafkaTool(home, '')
  const store = ['-keystore', keystore, '-storetype', 'PKCS12', '-storepass', STORE_PASSWORD]
  const names = command.includes('-genkeypair') ? ['-ext', 'san=ip:127.0.0.1,dns:localhost'] : []
  return [join(java, '..', 'keytool'), ...command, ...store, ...names]
}

function quoted(argument: string): string {
  return `'${argument.replaceAll("'", `'\\''`)}'`
}
