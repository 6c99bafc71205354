"""Videos, folders of pictures and cameras: read with care, written whole."""
