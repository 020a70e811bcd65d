export { PlacementAPI, placementRpc } from './placement-api.ts';
