import {
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2'
import type { Construct } from 'constructs'

/** Two zones. Services are in private subnets; records to S3 and Kinesis don't pay for the way through the NAT. */
export function makeNetwork(scope: Construct): Vpc {
  const vpc = new Vpc(scope, 'Vpc', {
    maxAzs: 2,
    natGateways: 1,
    restrictDefaultSecurityGroup: false,
    subnetConfiguration: [
      { name: 'public', subnetType: SubnetType.PUBLIC, mapPublicIpOnLaunch: false },
      { name: 'services', subnetType: SubnetType.PRIVATE_WITH_EGRESS },
      { name: 'data', subnetType: SubnetType.PRIVATE_ISOLATED },
    ],
    flowLogs: { all: { destination: FlowLogDestination.toCloudWatchLogs() } },
  })
  vpc.addGatewayEndpoint('S3', { service: GatewayVpcEndpointAwsService.S3 })
  vpc.addInterfaceEndpoint('Kinesis', { service: InterfaceVpcEndpointAwsService.KINESIS_STREAMS })
  return vpc
}

/** Lets out alone; who may come in is said where it is used. */
export function makeSecurityGroup(scope: Construct, id: string, vpc: Vpc, description: string): SecurityGroup {
  return new SecurityGroup(scope, id, { vpc, description })
}
