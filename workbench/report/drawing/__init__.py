"""Pictures of objects: windows of photographs, sheets, tints."""
