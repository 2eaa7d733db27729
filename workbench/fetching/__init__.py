"""Public sets from their own homes: downloaded, verified file by file, unpacked safely."""
