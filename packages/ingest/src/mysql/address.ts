import type { Environment } from '@millrace/base'
import { type MysqlServer, parseMysqlServer } from '@millrace/transport'

export interface MysqlAddress extends MysqlServer {
  readonly tableOf: (dataset: string) => string
}

/**
 * Parses mysql://user@host[:port]/database[?DATASET=TABLE]…, with the settings of every server of MySQL. A parameter with
 * the name of a data set names its table.
 */
export function parseMysqlAddress(
  address: string,
  datasets: readonly string[],
  tables: Readonly<Record<string, string>>,
  environment: Environment,
): MysqlAddress {
  const form = { example: 'mysql://user@host:3306/database', settings: datasets }
  const { server, settings } = parseMysqlServer(address, form, environment)
  return { ...server, tableOf: (dataset) => settings.get(dataset) ?? tables[dataset] ?? dataset }
}
