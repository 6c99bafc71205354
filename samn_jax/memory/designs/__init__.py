"""The memory designs that come with the package, one file each."""
