import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeCertificate } from './certificate.ts'
import { installFromDebian, libraries } from './debian.ts'
import type { Place, Server } from './server.ts'
import { missingTool } from './toolchain.ts'

const PACKAGE = 'mariadb-server-core'

export interface MariadbAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  /** May create databases named `millrace…`. */
  readonly database: string
  /** The certificate that TLS is to be trusted by. */
  readonly ca: string
}

const LOGIN = { user: 'millrace', password: 'millrace-test-secret', database: 'millrace' }

/** How one MariaDB differs from the one that all tests share. */
export interface MariadbVariant {
  readonly serverId?: number
  /** Options of mariadbd that win over the usual ones. */
  readonly options?: readonly string[]
  /** Statements that it runs at each start, after those that make the login. */
  readonly sql?: readonly string[]
}

/** MariaDB that lets nobody in without TLS. */
export const mariadb: Server<MariadbAddress> = {
  pins: `Debian's ${PACKAGE}`,
  missing: () => missingTool('apt-get', 'dpkg-deb', 'openssl'),
  install: async (home, run) => {
    await installFromDebian(home, run, [PACKAGE])
    const share = join(home, 'root/usr/share/mysql')
    const tables = ['mysql_system_tables.sql', 'mysql_system_tables_data.sql'].map((name) => join(share, name))
    const system = join(home, 'system')
    await mkdir(system)
    const sql = '{ printf "CREATE DATABASE mysql;\\nUSE mysql;\\nSET @auth_root_socket = NULL;\\n"; cat "$1" "$2"; }'
    const server = [...mariadbd(home, system), '--bootstrap', '--silent-startup'].map((word) => `'${word}'`).join(' ')
    await run(['sh', '-c', `${sql} | ${server}`, 'sh', ...tables], libraries(home))
  },
  launch: (place) => launch(place, {}),
}

export function mariadbWith(variant: MariadbVariant): Server<MariadbAddress> {
  return { ...mariadb, launch: (place) => launch(place, variant) }
}

async function launch({ home, data, freePort, run }: Place, { serverId = 7, options = [], sql = [] }: MariadbVariant) {
  const port = await freePort()
  const files = join(data, 'tables')
  await cp(join(home, 'system'), files, { recursive: true })
  const tls = await makeCertificate(join(data, 'tls'), run)
  const users = join(data, 'users.sql')
  await writeFile(users, [...userSql(), ...sql].join('\n'))
  return {
    command: [
      ...mariadbd(home, files),
      `--init-file=${users}`,
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      `--socket=${join(data, 's')}`,
      `--pid-file=${join(data, 'pid')}`,
      '--character-set-server=utf8mb4',
      '--innodb-flush-log-at-trx-commit=2',
      `--server-id=${serverId}`,
      `--log-bin=${join(data, 'log')}`,
      '--binlog-format=ROW',
      '--binlog-row-metadata=FULL',
      `--ssl-cert=${tls.certificate}`,
      `--ssl-key=${tls.key}`,
      '--require-secure-transport=ON',
      ...options,
    ],
    env: libraries(home),
    address: { host: '127.0.0.1', port, ...LOGIN, ca: tls.certificate },
    ready: async (log: string) => log.includes('ready for connections'),
  }
}

function mariadbd(home: string, files: string): string[] {
  const root = join(home, 'root')
  return [
    join(root, 'usr/sbin/mariadbd'),
    '--no-defaults',
    `--datadir=${files}`,
    `--lc-messages-dir=${join(root, 'usr/share/mysql')}`,
    `--character-sets-dir=${join(root, 'usr/share/mysql/charsets')}`,
    '--innodb-buffer-pool-size=64M',
    '--innodb-log-file-size=16M',
    '--performance-schema=OFF',
    // It refuses to run as root unless told so.
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
  ]
}

function userSql(): string[] {
  const name = `'${LOGIN.user}'@'%'`
  return [
    `CREATE DATABASE IF NOT EXISTS ${LOGIN.database};`,
    `CREATE USER IF NOT EXISTS ${name} IDENTIFIED BY '${LOGIN.password}' REQUIRE SSL;`,
    `GRANT ALL ON \`${LOGIN.database}%\`.* TO ${name};`,
    `GRANT REPLICATION SLAVE, BINLOG MONITOR, RELOAD ON *.* TO ${name};`,
  ]
}
