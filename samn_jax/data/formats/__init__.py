"""File formats: images, indexed masks, boxes, regions and results of VOT."""
