export type { FlavorBrief, FlavorDocument } from './flavor.ts';
export type { HypervisorBrief, HypervisorDocument } from './hypervisor.ts';
export type { ImageBrief, ImageDocument } from './image.ts';
export type { AttachInterfaceBody, InterfaceDocument } from './interface.ts';
export type { Link } from './link.ts';
export type { NetworkDocument } from './network.ts';
export type { PowerAction } from './power-actions.ts';
export type {
  AddressDocument,
  CreateServerBody,
  FaultOfServer,
  RequestedNetwork,
  ServerBrief,
  ServerDocument,
  ServerStatus,
} from './server.ts';
export type { DisableServiceBody, ForceDownServiceBody, ServiceBody, ServiceDocument } from './service.ts';
export type { YesOrNo } from './values.ts';
export type { VersionDocument } from './version.ts';
