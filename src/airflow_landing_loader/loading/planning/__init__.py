"""What a load has to do, decided before anything is written; pure, for all warehouses."""
