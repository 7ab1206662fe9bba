/** The columns that a table's changes have after those of the table, as Delta names them. */
export const [CHANGE_TYPE, COMMIT_VERSION, COMMIT_TIMESTAMP] = ['_change_type', '_commit_version', '_commit_timestamp']
