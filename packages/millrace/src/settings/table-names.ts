/** Returns what names the table of a data set in the lake. Nothing else decides that. */
export function tableNames({
  tables = {},
}: {
  readonly tables?: Readonly<Record<string, string>> | undefined
}): (dataset: string) => string {
  const said = new Map(Object.entries(tables))
  return (dataset) => said.get(dataset) ?? dataset
}
