import { globSync } from 'node:fs'
import { chmod, chown, copyFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeCertificate } from './certificate.ts'
import { installFromDebian, libraries } from './debian.ts'
import type { Server } from './server.ts'
import { missingTool } from './toolchain.ts'

const PACKAGES = ['postgresql-15', 'postgresql-client-15', 'libpq5']

export interface PostgresAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** The certificate that TLS is to be trusted by. */
  readonly ca: string
}

const LOGIN = { user: 'millrace', password: 'millrace-test-secret', database: 'postgres' }

/** PostgreSQL refuses to run as root: it runs as Debian's user without rights. */
const NOBODY = 65_534

/** PostgreSQL that lets nobody in without TLS and a password. */
export const postgres: Server<PostgresAddress> = {
  pins: `Debian's ${PACKAGES.join(', ')}`,
  missing: () => missingTool('apt-get', 'dpkg-deb', 'openssl', 'setpriv'),
  install: (home, run) => installFromDebian(home, run, PACKAGES),
  launch: async ({ home, data, freePort, run }) => {
    const [port, env] = [await freePort(), libraries(home)]
    const [files, password] = [join(data, 'tables'), join(data, 'password')]
    const tls = await makeCertificate(join(data, 'tls'), run)
    await writeFile(password, LOGIN.password)
    await letThrough(data)
    await handOver(data, password)
    const login = [`--username=${LOGIN.user}`, `--pwfile=${password}`, '--auth=scram-sha-256']
    const initdb = [
      program(home, 'initdb'),
      `--pgdata=${files}`,
      ...login,
      '--encoding=UTF8',
      '--locale=C.UTF-8',
      '--no-sync',
    ]
    await run([...asNobody(), ...initdb], env)
    await writeFile(join(files, 'pg_hba.conf'), 'hostssl all all 127.0.0.1/32 scram-sha-256\n')
    const [key, certificate] = [join(files, 'server.key'), join(files, 'server.crt')]
    await Promise.all([copyFile(tls.key, key), copyFile(tls.certificate, certificate)])
    await chmod(key, 0o600)
    await handOver(key, certificate)
    const settings = {
      port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      ssl: 'on',
      fsync: 'off',
      shared_buffers: '64MB',
      wal_level: 'logical',
      max_prepared_transactions: 10,
    }
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    return {
      command: [...asNobody(), program(home, 'postgres'), '-D', files, ...options],
      env,
      address: { host: '127.0.0.1', port, ...LOGIN, ca: tls.certificate },
      ready: async (log) => log.includes('ready to accept connections'),
    }
  },
}

function program(home: string, name: string): string {
  return globSync(join(home, `root/usr/lib/postgresql/*/bin/${name}`))[0] ?? name
}

const isRoot = () => process.getuid?.() === 0

function asNobody(): string[] {
  return isRoot() ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : []
}

/** Gives files to whom the server runs as. */
async function handOver(...paths: readonly string[]): Promise<void> {
  if (isRoot()) for (const path of paths) await chown(path, NOBODY, NOBODY)
}

/** Lets whom the server runs as get to the folder. */
async function letThrough(data: string): Promise<void> {
  const place = dirname(data)
  if (isRoot()) for (const folder of [place, dirname(place)]) await chmod(folder, 0o711)
}
