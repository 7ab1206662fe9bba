import { Fn } from 'aws-cdk-lib'
import { Port, type SecurityGroup, SubnetType, type Vpc } from 'aws-cdk-lib/aws-ec2'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { CfnServerlessCluster } from 'aws-cdk-lib/aws-msk'
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from 'aws-cdk-lib/custom-resources'
import type { Construct } from 'constructs'
import { makeSecurityGroup } from './network.ts'

const IAM_PORT = 9098

export interface Kafka {
  readonly clusterArn: string
  readonly clusterName: string
  /** An address for `--source` and `--to`. */
  readonly address: string
  letIn(client: SecurityGroup): void
}

/** MSK Serverless, which takes logins by IAM alone. */
export function makeKafka(scope: Construct, vpc: Vpc): Kafka {
  const clusterName = 'millrace'
  const group = makeSecurityGroup(scope, 'KafkaGroup', vpc, 'Brokers of MSK')
  const cluster = new CfnServerlessCluster(scope, 'Kafka', {
    clusterName,
    clientAuthentication: { sasl: { iam: { enabled: true } } },
    vpcConfigs: [
      {
        subnetIds: vpc.selectSubnets({ subnetType: SubnetType.PRIVATE_ISOLATED }).subnetIds,
        securityGroups: [group.securityGroupId],
      },
    ],
  })
  const clusterArn = cluster.attrArn
  return {
    clusterArn,
    clusterName,
    address: Fn.join('', ['kafka://', brokersOf(scope, clusterArn), '?sasl=aws-msk-iam']),
    letIn: (client) => group.addIngressRule(client, Port.tcp(IAM_PORT), 'Kafka with IAM'),
  }
}

/** CloudFormation does not know where the brokers are: they are asked for once, when the stack is made. */
function brokersOf(scope: Construct, clusterArn: string): string {
  const asked = new AwsCustomResource(scope, 'Brokers', {
    resourceType: 'Custom::MskBrokers',
    installLatestAwsSdk: false,
    logGroup: new LogGroup(scope, 'BrokersLogs', { retention: RetentionDays.ONE_MONTH }),
    onUpdate: {
      service: 'Kafka',
      action: 'getBootstrapBrokers',
      parameters: { ClusterArn: clusterArn },
      physicalResourceId: PhysicalResourceId.of('brokers'),
    },
    policy: AwsCustomResourcePolicy.fromSdkCalls({ resources: [clusterArn] }),
  })
  return asked.getResponseField('BootstrapBrokerStringSaslIam')
}
