import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { installFromDebian } from './debian.ts'
import type { Server } from './server.ts'
import { missingTool } from './toolchain.ts'

const PACKAGE = 'prometheus'

export interface PrometheusAddress {
  readonly url: string
  /** Its command-line tool. */
  readonly promtool: string
  /** An array of `{ "targets": ["127.0.0.1:PORT"], "labels": {…} }`: what is written here is scraped from then on. */
  readonly targets: string
  /** A file of rules; what is written here counts after a POST to /-/reload. */
  readonly rules: string
}

/** Prometheus that scrapes whatever a test writes into its list of targets. */
export const prometheus: Server<PrometheusAddress> = {
  pins: `Debian's ${PACKAGE}`,
  missing: () => missingTool('apt-get', 'dpkg-deb'),
  install: (home, run) => installFromDebian(home, run, [PACKAGE]),
  launch: async ({ home, data, freePort }) => {
    const port = await freePort()
    const bin = join(home, 'root/usr/bin')
    const [config, targets, rules] = ['prometheus.yml', 'targets.json', 'rules.yml'].map((name) =>
      join(data, name),
    ) as [string, string, string]
    await Promise.all([writeFile(config, configuration(targets, rules)), writeFile(targets, '[]')])
    await writeFile(rules, 'groups: []\n')
    const url = `http://127.0.0.1:${port}`
    return {
      command: [
        join(bin, 'prometheus'),
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(data, 'tsdb')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--web.enable-lifecycle',
      ],
      address: { url, promtool: join(bin, 'promtool'), targets, rules },
      ready: async () => (await fetch(`${url}/-/ready`)).ok,
    }
  },
}

/** JSON is YAML too. */
function configuration(targets: string, rules: string): string {
  return JSON.stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: [rules],
    scrape_configs: [{ job_name: 'millrace', file_sd_configs: [{ files: [targets], refresh_interval: '1s' }] }],
  })
}
