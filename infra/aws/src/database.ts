import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import {
  InstanceClass,
  InstanceSize,
  InstanceType,
  Port,
  type SecurityGroup,
  SubnetType,
  type Vpc,
} from 'aws-cdk-lib/aws-ec2'
import {
  Credentials,
  DatabaseInstance,
  DatabaseInstanceEngine,
  MysqlEngineVersion,
  ParameterGroup,
} from 'aws-cdk-lib/aws-rds'
import type { Construct } from 'constructs'

const PORT = 13_306

/** What change capture reads: whole rows with the names of their columns, and positions that survive a failover. */
const BINLOG = {
  binlog_format: 'ROW',
  binlog_row_image: 'FULL',
  binlog_row_metadata: 'FULL',
  'gtid-mode': 'ON',
  enforce_gtid_consistency: 'ON',
  require_secure_transport: 'ON',
}

/** MySQL with row events. How long RDS keeps them is said in SQL once: see README.md. */
export function makeDatabase(scope: Construct, vpc: Vpc, clients: readonly SecurityGroup[]): DatabaseInstance {
  const engine = DatabaseInstanceEngine.mysql({ version: MysqlEngineVersion.of('8.0.43', '8.0') })
  const database = new DatabaseInstance(scope, 'Database', {
    engine,
    vpc,
    vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
    instanceType: InstanceType.of(InstanceClass.T4G, InstanceSize.SMALL),
    parameterGroup: new ParameterGroup(scope, 'Binlog', { engine, parameters: BINLOG }),
    databaseName: 'pinterest_data',
    port: PORT,
    credentials: Credentials.fromGeneratedSecret('millrace'),
    multiAz: true,
    storageEncrypted: true,
    // Without backups RDS writes no binlog.
    backupRetention: Duration.days(7),
    deletionProtection: true,
    removalPolicy: RemovalPolicy.SNAPSHOT,
    cloudwatchLogsExports: ['error'],
  })
  database.addRotationSingleUser()
  for (const client of clients) database.connections.allowFrom(client, Port.tcp(PORT), 'MySQL')
  return database
}
