/**
 * Nova divides a deployment into cells, each with a database and a bus. There is only one here; selections name it by
 * this uuid, the same in every deployment. (Nova reserves the all-zero uuid for cell0, where nothing runs.)
 */
export const CELL_UUID = 'c0ffee00-0000-4000-8000-000000000001';
